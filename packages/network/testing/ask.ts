/**
 * A client in a process of its own, because a socket belongs to the network namespace of its process: connects (or
 * sends a datagram), prints the answer and ends with 0, or with 1 when there is none in time.
 * Arguments: protocol, address, port, timeout in milliseconds.
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

const [protocol = 'tcp', address = '', port = '', timeoutMs = '1000'] = process.argv.slice(2);
setTimeout(() => process.exit(1), Number(timeoutMs));

if (protocol === 'udp') {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('error', () => process.exit(1));
  socket.on('message', (message) => finish(message.toString()));
  socket.connect(Number(port), address, () => socket.send('hello'));
} else {
  const socket = connect(Number(port), address);
  let answer = '';
  socket.on('error', () => process.exit(1));
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('end', () => (answer === '' ? process.exit(1) : finish(answer)));
}

function finish(answer: string): void {
  process.stdout.write(answer, () => process.exit(0));
}
