module.exports = {
    name: 'market_orders',
    contexts: {
        dev: { type: 'swarm', tag: 'market_orders:dev', design: 'services.js', env: {} },
        prod: { type: 'swarm', tag: 'market_orders:prod', design: 'services.js', env: {} },
    }
}
