import { connect } from 'amqplib'

/**
 * What the client library alone reaches: takes what is in a queue, each message parsed and acknowledged by itself, and tells
 * its parent how many seconds that took.
 */
const [url = '', queue = '', count = '0'] = process.argv.slice(2)
const connection = await connect(url)
const channel = await connection.createChannel()
await channel.prefetch(200)
let [left, began] = [Number(count), 0]
await channel.consume(queue, (message) => {
  if (message === null) return
  began ||= performance.now()
  JSON.parse(message.content.toString())
  channel.ack(message)
  left -= 1
  if (left > 0) return
  const took = (performance.now() - began) / 1000
  void channel
    .close()
    .then(() => connection.close())
    .then(() => process.send?.(took))
})
