"""A tree for who reaches whom: an edge, a stack below it with an internal network, and one without a gateway."""

SHOP = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop}
spec:
  edge: {hosts: [shop.example]}
  services:
    web: {image: "web:1", interface: {/web: {port: 8080}}}
    cpl:
      type: stack
      interface: {/cpl: {path: /}}
      stack:
        services:
          policy_engine: {image: "api:1", interface: {/v1: {}}, networks: {siblings: {aliases: [pe]}}}
          db: {image: "db:1", ports: {sql: {port: 5432}}, networks: {data: {}}}
          job: {image: "job:1", networks: {data: {}, siblings: {}}}
        networks: {data: {internal: true}}
    dark: {type: stack, stack: {services: {lone: {image: "x"}}}}
"""
