import external from './vite.config.mjs';

export default { ...external, ssr: { noExternal: true } };
