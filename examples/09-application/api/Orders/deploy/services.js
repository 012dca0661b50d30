module.exports = {
    services: {
        api: {
            image: 'market_orders_api',
            interface: {
                '/api': { path: '/v1', port: 3000, protocol: 'http' },
            },
            environment: { LIVE: 'http://live:3000' },
        },
        live: {
            image: 'market_orders_live',
            interface: {
                '/socket.io': { path: '/socket.io', port: 3000, protocol: 'http' },
            },
        },
    },
}
