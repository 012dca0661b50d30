// An application as Ailtire's tools keep it: packages in packages, and interfaces in both of its dialects. A key with a
// leading slash is the external prefix, and path is what the service sees in its place. A key without one is a label:
// path is the external prefix, which a plain service sees too.
module.exports = {
    services: {
        web: {
            image: 'market_web',
            interface: {
                '/web': { path: '/web', port: 3000, protocol: 'http' },
                '/web/socket.io': { path: '/web/socket.io', port: 3000, protocol: 'http' },
            },
        },
        doc: {
            image: 'market_doc',
            interface: {
                web: { path: '/doc', port: 8088 },
            },
        },
        catalog: {
            type: 'stack',
            image: 'market_catalog',
            interface: {
                catalog: { path: '/catalog', port: 3000 },
            },
        },
        orders: {
            type: 'stack',
            image: 'market_orders',
            interface: {
                '/orders': { path: '/', port: 3000, protocol: 'http' },
                '/orders/socket.io': { path: '/socket.io', port: 3000, protocol: 'http' },
            },
        },
    },
    interface: {
        ports: {
            80: 3000,
        }
    },
}
