const Koa = require('koa');

const app = new Koa();
app.use((context) => {
  context.body = 'Hello from Koa\n';
});
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${server.address().port}/`);
});
