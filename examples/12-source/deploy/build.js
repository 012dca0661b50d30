// The images of this folder. `base` is in no stack: it is built because the others start from it.
module.exports = {
    base: {
        contexts: {
            default: { dir: 'base', tag: 'helpdesk_base' },
        }
    },
    web: {
        contexts: {
            default: { dir: 'web', tag: 'helpdesk_web' },
        }
    },
}
