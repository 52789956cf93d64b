// NestJS without TypeScript: decorators are functions, and can be called as such.
require('reflect-metadata');
const { Controller, Get, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');

const port = Number(process.env.PORT ?? 3000);

class Greeting {
  hello() {
    return 'Hello from Nest\n';
  }
}
Get()(Greeting.prototype, 'hello', Object.getOwnPropertyDescriptor(Greeting.prototype, 'hello'));
Controller()(Greeting);

class Application {}
Module({ controllers: [Greeting] })(Application);

async function main() {
  const application = await NestFactory.create(Application, { logger: ['error', 'warn'] });
  await application.listen(port);
  console.log(`http://localhost:${port}/`);
}

main().catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? `port ${port} is taken: PORT=... sets another` : error.message);
  process.exit(1);
});
