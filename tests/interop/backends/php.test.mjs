import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { file, runs } from './installed.mjs';
import { sourceFolder } from './stage.mjs';
import { verify } from './verify.mjs';

// Where Symfony puts what it compiles.
const work = mkdtempSync(path.join(tmpdir(), 'bearergate-backend-'));
process.on('exit', () => rmSync(work, { recursive: true }));

const php = runs('php', '--version');
const program = (name, folder, autoload) => ({
  name,
  folder: path.join(sourceFolder, 'php', folder),
  command: ['/bin/sh', '-c', 'exec php -S 127.0.0.1:$PORT index.php'],
  variables: { PHP_CLI_SERVER_WORKERS: '4', WORK: work, AUTOLOAD: autoload },
  missing: php || (autoload ? file(autoload) : false),
});

verify('PHP', [
  program('PHP alone', 'plain', ''),
  program('Slim', 'slim', '/usr/share/php/Slim/autoload.php'),
  program('Symfony', 'symfony', '/usr/share/php/Symfony/Bundle/FrameworkBundle/autoload.php'),
]);
