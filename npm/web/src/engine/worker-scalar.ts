/** The engine's worker where WebAssembly has no SIMD, or nothing unpacks what is packed: another build of the core is within. */

import { load } from "edgesiem/inline";
import scalar from "edgesiem/inline-scalar";
import { bytesOf } from "../../../src/loaders/inline/packed.ts";
import { serve } from "./serve.ts";

serve(WebAssembly.compile(bytesOf(scalar)).then(load));
