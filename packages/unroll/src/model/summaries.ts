/** Lets models print their summaries: importing this file adds the methods' work. Pages that print none go without it. */
import { provideAbilities } from "./abilities.ts";
import { summaryText } from "./summary.ts";
import { summaryTable } from "./summary-rows.ts";

provideAbilities({ summaryTable, summaryText });
