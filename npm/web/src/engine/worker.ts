/** The engine's worker. It asks for nothing over the network: the WebAssembly is within. */

import { load } from "edgesiem/inline";
import { serve } from "./serve.ts";

serve(load());
