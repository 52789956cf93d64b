const express = require('express');

const app = express();
const port = Number(process.env.PORT ?? 3000);

app.get('/', (_request, response) => {
  response.send('Hello from Express\n');
});

app.get('/info', (request, response) => {
  response.json({
    node: process.version,
    platform: process.platform,
    remoteAddress: request.socket.remoteAddress,
    uptimeSeconds: Math.round(process.uptime()),
  });
});

app.listen(port, (error) => {
  if (error === undefined) {
    console.log(`http://localhost:${port}/`);
  } else {
    console.error(
      error.code === 'EADDRINUSE' ? `port ${port} is taken: PORT=... sets another` : error.message,
    );
    process.exitCode = 1;
  }
});
