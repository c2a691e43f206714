import { built, file } from './installed.mjs';
import { verify } from './verify.mjs';

const hyper = built('rust', 'release', 'bearergate-backend-hyper');

verify('Rust', [{ name: 'hyper', command: [hyper], missing: file(hyper) }]);
