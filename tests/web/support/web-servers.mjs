// web-servers: nginx, Apache and Caddy as ordinary processes on a loopback port, each with a folder of its own, serving a site with
// the configuration that the build made for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const unpacked = fileURLToPath(new URL('../../../build/servers', import.meta.url))
const START_WITHIN_MS = 20_000

/**
 * What to write and to run.
 * @typedef {{ home: string, site: string, hosting: string, port: number }} Place
 * @type {Record<string, (place: Place) => Promise<[string, string[]]>>}
 */
export const SERVERS = {
  async nginx({ home, site, hosting, port }) {
    // In one process: as root, nginx would give its workers to a user who may not read the folder.
    const config = `
      load_module ${unpacked}/usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
      daemon off;
      master_process off;
      pid ${home}/pid;
      events { }
      http {
        include ${unpacked}/etc/nginx/mime.types;
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${home}/${one};`).join('\n')}
        include ${hosting}/nginx-http.conf;
        server {
          listen 127.0.0.1:${port};
          root ${site};
          include ${hosting}/nginx-server.conf;
          brotli_static on;
        }
      }`
    await writeFile(join(home, 'nginx.conf'), config)
    return [`${unpacked}/usr/sbin/nginx`, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr']]
  },

  async Apache({ home, site, hosting, port }) {
    await copyFile(join(hosting, 'apache.htaccess'), join(site, '.htaccess'))
    const modules = ['mpm_event', 'authz_core', 'dir', 'mime', 'headers', 'rewrite', 'alias']
    const config = `
      ${modules.map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`).join('\n')}
      ServerName localhost
      Listen 127.0.0.1:${port}
      ${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
      PidFile ${home}/pid
      DefaultRuntimeDir ${home}
      ErrorLog "|/bin/cat 1>&2"
      TypesConfig /etc/mime.types
      DocumentRoot ${site}
      <Directory ${site}>
        AllowOverride FileInfo
        Require all granted
      </Directory>`
    await writeFile(join(home, 'apache.conf'), config)
    return ['/usr/sbin/apache2', ['-D', 'FOREGROUND', '-d', home, '-f', join(home, 'apache.conf')]]
  },

  async Caddy({ home, site, hosting, port }) {
    const config = `{
        admin off
        auto_https off
        storage file_system ${home}
      }
      http://localhost:${port} {
        bind 127.0.0.1
        root * ${site}
        import ${hosting}/caddy.conf
      }`
    await writeFile(join(home, 'Caddyfile'), config)
    return [`${unpacked}/usr/bin/caddy`, ['run', '--config', join(home, 'Caddyfile'), '--adapter', 'caddyfile']]
  },
}

/**
 * @param {keyof typeof SERVERS} name
 * @param {string} dist the site, which is copied, into a folder of it where one is given
 * @returns {Promise<{ port: number, stop(): Promise<void> }>}
 */
export async function startServer(name, dist, { folder = '' } = {}) {
  const top = await mkdtemp(join(tmpdir(), 'keyhold-server-'))
  // Apache, started as root, reads as somebody else.
  await chmod(top, 0o755)
  const [home, root] = [join(top, 'home'), join(top, 'site')]
  const site = join(root, folder)
  await mkdir(home)
  await cp(dist, site, { recursive: true })
  await cp(`${dist}-hosting`, join(top, 'hosting'), { recursive: true })
  const port = await freePort()
  const [program, args] = await SERVERS[name]({ home, site: root, hosting: join(top, 'hosting'), port })
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += chunk))
  let ended = null
  child.once('error', (error) => (ended = `${error.message}: scripts/setup brings it`))
  child.once('exit', (code) => (ended ??= `ended with ${code}`))
  const stop = async () => {
    if (ended === null) {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    }
    await rm(top, { recursive: true, force: true })
  }
  try {
    for (const until = Date.now() + START_WITHIN_MS; !(await answers(port)); await sleep(50)) {
      if (ended !== null || Date.now() > until) throw new Error(`${name} did not start (${ended}):\n${said}`)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { port, stop }
}

async function answers(port) {
  try {
    await fetch(`http://localhost:${port}/`, { signal: AbortSignal.timeout(2_000) })
    return true
  } catch {
    return false
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}
