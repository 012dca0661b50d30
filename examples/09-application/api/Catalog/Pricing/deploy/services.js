module.exports = {
    services: {
        rules: {
            image: 'market_catalog_pricing_rules',
            interface: {
                '/prices': { path: '/prices', port: 3000, protocol: 'http' },
                '/prices/socket.io': { path: '/prices/socket.io', port: 3000, protocol: 'http' },
            },
        },
    },
}
