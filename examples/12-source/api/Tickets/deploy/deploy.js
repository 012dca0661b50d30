module.exports = {
    name: 'helpdesk_tickets',
    contexts: {
        dev: { type: 'swarm', tag: 'helpdesk_tickets:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'helpdesk_tickets:prod', design: 'services.js', env: {} },
    }
}
