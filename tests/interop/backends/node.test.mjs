import { existsSync } from 'node:fs';
import path from 'node:path';
import { sourceFolder } from './stage.mjs';
import { verify } from './verify.mjs';

const folder = path.join(sourceFolder, 'node');
const program = (name, file, needs, more) => ({
  name, folder, command: [process.execPath, file], ...more,
  missing: existsSync(path.join(folder, needs)) ? false : `docker/backends/node/${needs} is not there: npm ci`,
});

verify('Node.js', [
  program('Express', 'express.mjs', 'node_modules/express'),
  program('Fastify', 'fastify.mjs', 'node_modules/fastify', { socket: true }),
  program('Koa', 'koa.mjs', 'node_modules/koa'),
  program('hapi', 'hapi.mjs', 'node_modules/@hapi/hapi'),
  program('NestJS', 'dist/nestjs.js', 'dist/nestjs.js', { socket: true }),
]);
