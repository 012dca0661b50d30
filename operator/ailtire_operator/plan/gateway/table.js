// Finds a request's route in tables in shared memory, which are read anew from files that have changed.
// A table has values only: nothing of it is executed, or is a pattern. Its form: plan/gateway/table.py.
import crypto from 'crypto';
import fs from 'fs';

const FORMAT = 1;
const FOLDERS = 8;
const LARGEST = 131072;  // bytes of a table
const LONGEST = 512;  // characters of a prefix
const SETTLED = 1000;  // milliseconds: what has changed within them may change again with the same time
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];
const LEVELS = ['debug', 'info', 'warn', 'error', 'none'];

// ---- reading: in one worker, every fraction of a second

function load(session) {
    const table = ngx.shared.table;
    const variables = session.variables;
    const version = variables.table_version;
    const known = names(variables);
    reload(table, variables.table_configuration, version);
    discard(table);
    for (let number = 0; number < FOLDERS; number++) {
        try {
            readFolder(table, `${variables.table_folder}/${number}`, number, version, known);
        } catch (error) {
            complain(table, `folder ${number}`, `${error.message}: the routes of folder ${number} are left as they were`);
        }
    }
    table.set('loaded', '1');
}

// The profiles and groups that nginx was started with. A directive's argument has a bounded length, hence the parts.
function names(variables) {
    const found = {};
    for (let part = 0; variables[`table_known_${part}`] !== undefined; part++) {
        variables[`table_known_${part}`].split(' ').forEach(name => { found[name] = true; });
    }
    return found;
}

// Have nginx read its configuration anew, once for each that is not the running one. What is wrong nginx leaves.
function reload(table, folder, version) {
    const files = ['nginx.conf', 'table.js'].map(name => `${folder}/${name}`);
    try {
        const stamp = files.map(file => changed(file)).join(' ');
        if (table.get('configuration') === stamp) {
            return;
        }
        table.set('configuration', stamp);
        if (!fs.readFileSync(files[0]).toString().includes(`$table_version ${version};`)) {
            process.kill(process.ppid, 'SIGHUP');
        }
    } catch (error) {
        complain(table, 'configuration', `the configuration is left as it was: ${error.message}`);
    }
}

function changed(file) {
    const found = fs.statSync(file);
    return `${found.ino} ${found.mtimeMs}`;
}

function readFolder(table, folder, number, version, known) {
    let found;
    try {
        found = fs.statSync(folder);
    } catch (error) {
        if (error.code === 'ENOENT') {
            return;
        }
        throw error;
    }
    const stamp = `${version} ${found.ino} ${found.mtimeMs}`;
    if (table.get(`stamp ${number}`) === stamp) {
        return;
    }
    const ports = fs.readdirSync(folder).map(portOf).filter(port => port);
    ports.forEach(port => readStack(table, `${folder}/${port}.json`, port, version, known));
    JSON.parse(table.get(`ports ${number}`) || '[]').filter(port => !ports.includes(port)).forEach(port => {
        replace(table, port, undefined);
        table.delete(`seen ${port}`);
    });
    table.set(`ports ${number}`, JSON.stringify(ports));
    if (Date.now() - found.mtimeMs > SETTLED) {
        table.set(`stamp ${number}`, stamp);
    }
}

function portOf(name) {
    const port = String(parseInt(name, 10));
    return name === `${port}.json` ? port : '';
}

// Take a stack's table over if it is another and all of it is right; else the stack keeps its routes.
function readStack(table, file, port, version, known) {
    try {
        if (fs.statSync(file).size > LARGEST) {
            throw new Error(`it is larger than ${LARGEST} bytes`);
        }
        const text = fs.readFileSync(file).toString();
        const seen = `${version} ${crypto.createHash('sha256').update(text).digest('hex')}`;
        if (table.get(`seen ${port}`) === seen) {
            return;
        }
        table.set(`seen ${port}`, seen);  // first, so that a table which is wrong is complained of once
        if (text.includes('\\')) {
            throw new Error('it has a character that no table has');
        }
        const stack = JSON.parse(text);
        check(stack, port, known);
        replace(table, port, stack);
        table.delete(`complaint ${port}`);
    } catch (error) {
        complain(table, port, `${file}: ${error.message}; the stack of port ${port} keeps its routes`);
    }
}

function check(stack, port, known) {
    if (!stack || stack.format !== FORMAT || String(stack.port) !== port || !isText(stack.stack)
        || !Array.isArray(stack.routes)) {
        throw new Error('it is no table of this format and port');
    }
    stack.routes.forEach(route => {
        if (!isRoute(route)) {
            throw new Error('one of its routes is wrong');
        }
        if (!known[route.profile] || (route.group && !route.stopped && !known[route.group])) {
            throw new Error('nginx does not have the limits or sessions of one of its routes yet');
        }
    });
}

function isRoute(route) {
    return route && isText(route.prefix) && route.prefix.length <= LONGEST && (route.path === null || isText(route.path))
        && ['target', 'stripped', 'profile'].every(name => isText(route[name]))
        && ['group', 'realm', 'passwords'].every(name => route[name] === undefined || isText(route[name]))
        && (route.realm === undefined) === (route.passwords === undefined)
        && (route.allow === undefined || isTexts(route.allow)) && isTexts(route.ways)
        && ['http', 'https'].includes(route.scheme) && LEVELS.includes(route.log) && Number.isInteger(route.body);
}

function isTexts(value) {
    return Array.isArray(value) && value.every(isText);
}

function isText(value) {
    return typeof value === 'string';
}

// Routes stand under keys of their own, and a stack's entry says which are in force: so it changes in one step, and a
// request costs what its own route takes. Those from before go a little later, as a request may just look for them.
function replace(table, port, stack) {
    const before = table.get(`stack ${port}`);
    const old = before === undefined ? [] : JSON.parse(table.get(`keys ${port}`) || '[]');
    if (stack === undefined) {
        table.delete(`stack ${port}`);
        table.delete(`keys ${port}`);
    } else {
        const number = Math.max(Date.now(), before === undefined ? 0 : JSON.parse(before).number + 1);
        const made = stack.routes.map(route => `route ${port} ${number} ${route.prefix}`);
        try {
            stack.routes.forEach((route, index) => table.set(made[index], JSON.stringify(route)));
            table.set(`keys ${port}`, JSON.stringify(made));
        } catch (error) {
            made.forEach(key => table.delete(key));
            throw error;
        }
        const depth = Math.max.apply(null, [0].concat(stack.routes.map(route => route.prefix.split('/').length - 1)));
        table.set(`stack ${port}`, JSON.stringify({ number, depth, stack: stack.stack }));
    }
    if (old.length) {
        const waiting = JSON.parse(table.get('old') || '[]');
        waiting.push({ since: Date.now(), keys: old });
        table.set('old', JSON.stringify(waiting));
    }
}

function discard(table) {
    const waiting = JSON.parse(table.get('old') || '[]');
    const due = waiting.filter(each => Date.now() - each.since > SETTLED);
    if (due.length) {
        due.forEach(each => each.keys.forEach(key => table.delete(key)));
        table.set('old', JSON.stringify(waiting.filter(each => !due.includes(each))));
    }
}

// Once for each subject and reason, not at each look.
function complain(table, subject, text) {
    if (table.get(`complaint ${subject}`) !== text) {
        table.set(`complaint ${subject}`, text);
        ngx.log(ngx.ERR, text);
    }
}

function loaded() {
    return ngx.shared.table.get('loaded') || '';
}

// ---- asking: for each request

// The location for a request. What the locations need of its route is set beside it: each question that nginx asks by
// itself would cost a context of its own. A path's bytes are left to nginx, as a text here is no longer what was sent.
function locate(r) {
    const table = ngx.shared.table;
    const variables = r.variables;
    const port = variables.server_port;
    const entry = table.get(`stack ${port}`);
    if (entry === undefined) {
        return '@absent';
    }
    const stack = JSON.parse(entry);
    variables.table_stack = stack.stack;
    const text = search(table, `route ${port} ${stack.number} `, r.uri, stack.depth);
    if (text === undefined) {
        return '@none';
    }
    const route = JSON.parse(text);
    variables.table_log = route.log;
    if (route.stopped) {
        return '@stopped';
    }
    if (Number(variables.content_length || 0) > route.body) {
        return '@large';
    }
    if (route.allow && !allowed(route.allow, r.rawVariables.binary_remote_addr.toString('hex'))) {
        return '@refused';
    }
    lead(variables, port, route);
    return `@${way(r, route)}_${route.profile}`;
}

// The text of the route with the longest prefix that ends at a segment's end; no more prefixes are tried than the
// stack's deepest has segments.
function search(table, start, uri, depth) {
    const path = uri.slice(0, LONGEST + 1);
    const ends = [];
    for (let at = path.indexOf('/'); at >= 0 && ends.length <= depth; at = path.indexOf('/', at + 1)) {
        ends.push(at);
    }
    if (ends.length <= depth) {
        ends.push(path.length);
    }
    while (ends.length) {
        const text = table.get(start + path.slice(0, ends.pop()));
        if (text !== undefined) {
            return text;
        }
    }
    return undefined;
}

function lead(variables, port, route) {
    variables.table_strips = route.path === null ? '' : '1';
    variables.table_prefix = route.prefix;
    variables.table_path = route.path === null ? '' : withoutSlashes(route.path);
    variables.table_exact = route.path === null ? '' : route.path;
    variables.table_scheme = route.scheme;
    variables.table_target = route.target;
    variables.table_group = route.group || '';
    variables.table_realm = route.realm || 'off';
    variables.table_passwords = route.passwords || '';
    variables.table_limited = `${port} ${route.prefix} `;
    variables.stripped = route.stripped;
}

function withoutSlashes(path) {
    let end = path.length;
    while (end > 0 && path[end - 1] === '/') {
        end--;
    }
    return path.slice(0, end);
}

function way(r, route) {
    if (r.variables.upgrade && route.ways.includes('websocket')) {
        return 'websocket';
    }
    if (r.variables.streamed) {
        return 'streamed';
    }
    return route.ways.includes('once') && !REPEATABLE.includes(r.method) ? 'once' : 'buffered';
}

// Whether an address, as hexadecimal digits, is in one of the ranges: digits and a number of leading bits.
function allowed(ranges, address) {
    const mapped = address.length === 32 && address.startsWith('00000000000000000000ffff');
    const digits = mapped ? address.slice(24) : address;
    return ranges.some(range => within(digits, range));
}

function within(digits, range) {
    const slash = range.indexOf('/');
    const bits = Number(range.slice(slash + 1));
    if (slash !== digits.length || !(bits >= 0 && bits <= 4 * slash)) {
        return false;
    }
    const whole = bits >> 2;
    const rest = bits & 3;
    if (digits.slice(0, whole) !== range.slice(0, whole)) {
        return false;
    }
    return rest === 0 || (parseInt(digits[whole], 16) ^ parseInt(range[whole], 16)) >> (4 - rest) === 0;
}

export default { load, loaded, locate };
