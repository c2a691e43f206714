import { built, file } from './installed.mjs';
import { verify } from './verify.mjs';

const java = (main, classpath) => ['java', '-XX:TieredStopAtLevel=1', '-cp', classpath, main];

verify('Java', [
  { name: 'the JDK\'s HttpServer', command: java('Main', built('java', 'jdk')), missing: file(built('java', 'jdk')) },
  {
    name: 'Spring MVC on Tomcat',
    command: java('example.Start', `${built('java', 'spring')}:${built('java', 'spring', 'lib')}/*`),
    missing: file(built('java', 'spring')),
  },
]);
