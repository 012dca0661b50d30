// Routes by a table in shared memory, which is read anew from files that have changed: nginx itself is not reloaded.
import fs from 'fs';

const FOLDER = `${ngx.prefix}table`;

// Called every fraction of a second in one worker: takes over what changed, stack by stack.
function load() {
    const table = ngx.shared.table;
    fs.readdirSync(FOLDER).forEach(name => {
        const file = `${FOLDER}/${name}/table.json`;
        try {
            const found = fs.statSync(file);
            const stamp = `${found.ino} ${found.mtimeMs}`;
            if (table.get(`stamp of ${name}`) !== stamp) {
                table.set(`stamp of ${name}`, stamp);  // first, so that a file which is wrong is told of once
                take(table, name, JSON.parse(fs.readFileSync(file)));
            }
        } catch (error) {
            ngx.log(ngx.ERR, `${file} is left as it was: ${error.message}`);
        }
    });
    table.set('loaded', 'yes');
}

function take(table, name, stacks) {
    Object.keys(stacks).forEach(port => {
        if (!right(stacks[port])) {
            ngx.log(ngx.ERR, `${name}/table.json: the stack of port ${port} is left as it was`);
            return;
        }
        const text = JSON.stringify(stacks[port]);
        if (table.get(port) !== text) {
            table.set(port, text);
        }
    });
    const gone = JSON.parse(table.get(`ports of ${name}`) || '[]').filter(port => !(port in stacks));
    gone.forEach(port => table.delete(port));
    table.set(`ports of ${name}`, JSON.stringify(Object.keys(stacks)));
}

function right(routes) {
    return Array.isArray(routes) && routes.every(each => each && typeof each.prefix === 'string'
        && typeof each.target === 'string' && typeof each.profile === 'string');
}

// One value for all that nginx asks of a route, as each question would cost a context of its own:
// profile, target, password file, stripped prefix, path as sent, path as normalised. The first four hold no blank.
function route(r) {
    const table = ngx.shared.table;
    if (!table.get('loaded')) {
        load();
    }
    const routes = JSON.parse(table.get(r.variables.server_port) || '[]');
    const found = routes.find(each => r.uri === each.prefix || r.uri.startsWith(`${each.prefix}/`));
    if (!found) {
        return 'none - -  - ';
    }
    const sent = backend(found, r.variables.as_sent, r.variables.request_uri) || '-';
    const normalised = r.uri === found.prefix && found.path !== null ? found.path : backend(found, r.uri, r.uri);
    const profile = Number(r.headersIn['Content-Length'] || 0) > found.body ? 'large' : found.profile;
    return `${profile} ${found.target} ${found.passwords || '-'} ${found.stripped} ${sent} ${normalised}`;
}

// The path behind a prefix with another before it; the whole where nothing is to be replaced.
function backend(found, path, whole) {
    if (found.path === null) {
        return whole;
    }
    const below = path.startsWith(`${found.prefix}/`) ? path.slice(found.prefix.length) : '';
    return below && found.path.replace(/\/+$/, '') + below;
}

export default { load, route };
