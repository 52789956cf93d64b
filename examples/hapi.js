const hapi = require('@hapi/hapi');

const server = hapi.server({ port: Number(process.env.PORT ?? 3000), host: 'localhost' });
server.route({ method: 'GET', path: '/', handler: () => 'Hello from hapi\n' });
server.start().then(() => console.log(server.info.uri));
