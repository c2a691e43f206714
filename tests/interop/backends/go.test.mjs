import { built, file } from './installed.mjs';
import { verify } from './verify.mjs';

const program = (name, binary, more) =>
  ({ name, command: [built('go', binary)], missing: file(built('go', binary)), ...more });

verify('Go', [
  program('net/http', 'nethttp'),
  program('Gin', 'gin', { socket: true }),
  program('Echo', 'echo'),
  program('Chi', 'chi'),
]);
