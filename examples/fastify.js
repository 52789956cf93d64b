const fastify = require('fastify');

const app = fastify();
app.get('/', async () => 'Hello from Fastify\n');
app.listen({ port: Number(process.env.PORT ?? 3000) }).then((address) => console.log(address));
