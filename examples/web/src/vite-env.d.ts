interface ImportMetaEnv {
  readonly VITE_LYCEUM_URL?: string;
}
