module.exports = {
    name: 'market_catalog_pricing',
    contexts: {
        dev: { type: 'swarm', tag: 'market_catalog_pricing:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'market_catalog_pricing:prod', design: 'services.js', env: {} },
    }
}
