module.exports = {
    name: 'market_catalog',
    contexts: {
        dev: { type: 'swarm', tag: 'market_catalog:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'market_catalog:prod', design: 'services.js', env: {} },
    }
}
