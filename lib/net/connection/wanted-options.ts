/** Socket options as they were asked for, for a connection that follows. */
export class WantedOptions {
  noDelay = false;
  keepAlive = false;
  keepAliveIdleSeconds = 0;
  keepAliveIntervalSeconds: number | undefined = undefined;
  keepAliveCount: number | undefined = undefined;
  typeOfService: number | undefined = undefined;
}
