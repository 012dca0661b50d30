module.exports = {
    name: 'market',
    contexts: {
        dev: { type: 'swarm', tag: 'market:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'market:prod', design: 'services.js', env: {} },
    }
}
