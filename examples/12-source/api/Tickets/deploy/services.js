module.exports = {
    services: {
        api: {
            image: 'helpdesk_tickets_api',
            interface: {
                '/api': { path: '/', port: 3000, protocol: 'http' },
            },
        },
    },
}
