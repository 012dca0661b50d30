// An application that is built from its files: `kubectl ailtire build . --env prod --list` says which image is made of
// which folder. docs/ailtire.md has what comes of them.
module.exports = {
    services: {
        web: {
            image: 'helpdesk_web',
            interface: {
                '/web': { path: '/', port: 3000, protocol: 'http' },
            },
        },
        tickets: {
            type: 'stack',
            image: 'helpdesk_tickets',
            interface: {
                '/tickets': { path: '/', port: 3000, protocol: 'http' },
            },
        },
    },
    interface: {
        ports: {
            80: 3000,
        }
    },
}
