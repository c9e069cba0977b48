import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { closedPort } from './closed-port.ts'
import type { ConsulServer, ConsulServerOptions } from './consul-server.ts'

/** Until it has a leader: before that it refuses everything. */
const untilItLeads = async (url: string): Promise<void> => {
  for (const end = performance.now() + 60_000; performance.now() < end; await wait(100)) {
    const said = await fetch(`${url}/v1/kv/none`).catch(() => undefined)
    if (said?.status === 404 || said?.status === 403) return
  }
  throw new Error('Consul has no leader')
}

/** A real server: one agent, a cluster of its own, with its data in `directory`. */
export const startConsulProgram = async (
  program: string,
  directory: string,
  { shortestSession = 10, token }: ConsulServerOptions
): Promise<ConsulServer> => {
  const [http, server, lan, wan] = await Promise.all([closedPort(), closedPort(), closedPort(), closedPort()])
  const configuration = {
    data_dir: directory,
    server: true,
    bootstrap_expect: 1,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    log_level: 'warn',
    // It would ask its maker.
    disable_update_check: true,
    session_ttl_min: `${shortestSession}s`,
    performance: { raft_multiplier: 1 },
    ports: { http, server, serf_lan: lan, serf_wan: wan, dns: -1, grpc: -1 },
    ...(token === undefined
      ? {}
      : { acl: { enabled: true, default_policy: 'deny', tokens: { initial_management: token } } })
  }
  const url = `http://127.0.0.1:${http}`
  const start = async () => {
    const words = ['--pdeathsig=KILL', '--', program, 'agent', '-hcl', JSON.stringify(configuration)]
    const child = spawn('setpriv', words, { stdio: 'ignore' })
    await untilItLeads(url)
    return child
  }
  let child = await start()
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return {
    url,
    kill,
    restart: async () => {
      await kill()
      child = await start()
    },
    stop: kill
  }
}
