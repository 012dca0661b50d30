module.exports = {
    services: {
        web: {
            image: 'market_catalog_web',
            interface: {
                '/items': { path: '/', port: 3000, protocol: 'http' },
                '/items/socket.io': { path: '/socket.io', port: 3000, protocol: 'http' },
            },
        },
        search: {
            image: 'market_catalog_search:standalone',
            interface: {
                search: { path: '/search', port: 4000 },
                searchadmin: { path: '/search-admin', port: 8081 },
            },
        },
        pricing: {
            type: 'stack',
            image: 'market_catalog_pricing',
            interface: {
                '/prices': { path: '/prices', port: 3000, protocol: 'http' },
                '/prices/socket.io': { path: '/prices/socket.io', port: 3000, protocol: 'http' },
            },
        },
    },
}
