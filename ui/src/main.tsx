import { render } from "preact";
import { App } from "./App";
import { start } from "./router/router";
import { begin } from "./state/session";
import "./state/theme";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/tree.css";
import "./style/detail.css";
import "./style/drawings.css";

start();
void begin();
const page = document.getElementById("page");
if (page) render(<App />, page);
