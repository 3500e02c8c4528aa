import { publicQuery } from "../lib/functions.ts";
import { homePage } from "../model/home.ts";
import { vHomeView } from "../tables/homeView.ts";

export const get = publicQuery({
  args: {},
  returns: vHomeView,
  handler: (ctx) => homePage(ctx),
});
