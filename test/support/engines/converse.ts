import { connect } from 'node:net'

/** Sends bytes to a port of this machine and gives what comes back, once it is whole; rejects if it never is. */
export const converse = async (
  port: number,
  question: Uint8Array,
  isWhole: (answer: Buffer) => boolean
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(question))
    let answer = Buffer.alloc(0)
    socket.setTimeout(5000, () => socket.destroy(new Error(`No answer from port ${port}`)))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (!isWhole(answer)) return
      resolve(answer)
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`Port ${port} said only ${answer.length} bytes`)))
  })
