import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { unlessRequired } from './engines/missing.ts'

/** False: the program is there; else why not, with which a test skips. */
export const lacks = (program: string, words: readonly string[], name: string): string | false =>
  spawnSync(program, words).status === 0 ? false : unlessRequired(`as root: apt-get install -y ${name}`).missing

export const lacksFtp = lacks('/usr/bin/python3', ['-c', 'import pyftpdlib'], 'python3-pyftpdlib')

export const lacksHg = lacks('hg', ['--version'], 'mercurial')

const ftpServer = `
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
authorizer = DummyAuthorizer()
authorizer.add_user('me', 'secret', sys.argv[1])
authorizer.add_anonymous(sys.argv[1])
class Handler(FTPHandler):
    pass
Handler.authorizer = authorizer
server = FTPServer(('127.0.0.1', 0), Handler)
print(server.address[1], flush=True)
server.serve_forever()
`

/** Serves a directory by FTP, to everybody and to `me:secret`; gives host and port. */
export const serveByFtp = async (t: Test, home: string): Promise<string> => {
  const child = spawn('/usr/bin/python3', ['-c', ftpServer, home], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const [said] = await once(child.stdout, 'data')
  return `127.0.0.1:${String(said).trim()}`
}
