// NestJS on Express, with its WebSocket gateway. `npm run build` compiles it.
import 'reflect-metadata';
import {
  Controller, Delete, ExecutionContext, Get, Headers, Module, Param, Post, Req, StreamableFile, createParamDecorator,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { Readable } from 'node:stream';
import { sizeOf, ticks } from './bodies.mjs';
import { identityOf } from './identity.mjs';

type Identity = ReturnType<typeof identityOf>;

const Caller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  identityOf(context.switchToHttp().getRequest().headers));

@Controller()
class Items {
  @Get('about')
  about(@Caller() caller: Identity) { return { route: 'GET /about', ...caller }; }

  @Get('headers')
  headers(@Headers() headers: object) { return headers; }

  @Get('items')
  list(@Caller() caller: Identity) { return { route: 'GET /items', ...caller }; }

  @Post('items')
  async add(@Req() request: Readable, @Caller() caller: Identity) {
    return { route: 'POST /items', bytes: await sizeOf(request), ...caller };
  }

  @Delete('items')
  clear(@Caller() caller: Identity) { return { route: 'DELETE /items', ...caller }; }

  @Get('ticks')
  ticks() { return new StreamableFile(Readable.from(ticks(), { objectMode: false }), { type: 'text/plain' }); }

  @Get('orgs/:id/members')
  members(@Param('id') id: string, @Caller() caller: Identity) {
    return { route: 'GET /orgs/{id}/members', id, ...caller };
  }

  @Post('orgs/:id/invitations')
  invite(@Param('id') id: string, @Caller() caller: Identity) {
    return { route: 'POST /orgs/{id}/invitations', id, ...caller };
  }
}

@WebSocketGateway({ path: '/socket' })
class Socket implements OnGatewayConnection {
  handleConnection(socket: any, request: any) {
    socket.send(JSON.stringify({ route: 'GET /socket', ...identityOf(request.headers) }));
    socket.on('message', (message: Buffer) => socket.send(message.toString()));
  }
}

@Module({ controllers: [Items], providers: [Socket] })
class App {}

// Without Nest's body parsers the body stays a stream: nothing here reads what a form says.
const app = await NestFactory.create(App, { bodyParser: false, logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
