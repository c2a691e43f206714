// Bodies that are read and written piece by piece.
import { setTimeout } from 'node:timers/promises';

export async function* ticks() {
  for (let count = 1; count <= 600; ++count) {
    yield `tick ${count}\n`;
    await setTimeout(100);
  }
}

export async function sizeOf(body) {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}
