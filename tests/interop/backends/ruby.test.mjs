import path from 'node:path';
import { runs } from './installed.mjs';
import { sourceFolder } from './stage.mjs';
import { verify } from './verify.mjs';

const ruby = '/usr/bin/ruby';
const folder = path.join(sourceFolder, 'ruby');
const program = (name, needs, file) => ({
  name, folder,
  missing: runs(ruby, '-e', `require 'puma'; require '${needs}'`),
  variables: { RACK_ENV: 'production', RAILS_ENV: 'production' },
  command: ['/bin/sh', '-c', `exec ${ruby} -S puma --quiet --bind tcp://127.0.0.1:$PORT ${file}`],
});

verify('Ruby', [
  program('Sinatra', 'sinatra/base', 'sinatra.ru'),
  program('Rails', 'action_controller/railtie', 'rails.ru'),
]);
