module.exports = {
    name: 'helpdesk',
    contexts: {
        dev: { type: 'swarm', tag: 'helpdesk:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'helpdesk:prod', design: 'services.js', env: {} },
    }
}
