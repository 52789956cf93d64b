import withBanner from './rollup.config.mjs';

const { banner: _banner, ...output } = withBanner.output;

export default { ...withBanner, output };
