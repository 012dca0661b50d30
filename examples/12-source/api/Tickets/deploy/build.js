module.exports = {
    api: {
        contexts: {
            default: { dir: 'api', tag: 'helpdesk_tickets_api' },
        }
    },
}
