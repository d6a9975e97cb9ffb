// The package as pages and Workers of these tests name it; what they get is npm/dist.

declare module "edgesiem" {
  const everything: typeof import("../../npm/src/index.ts");
  export = everything;
}

declare module "edgesiem-small" {
  const everything: typeof import("../../npm/src/index.ts");
  export = everything;
}
