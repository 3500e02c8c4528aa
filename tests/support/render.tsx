import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { createMemoryRouter, RouterProvider } from "react-router-dom";
import { IntlProvider } from "use-intl";
import { onTestFinished } from "vitest";

import messages from "#app/messages/en.json";

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Shows an element as a page would, with texts and links; gone when the test has finished. */
export function render(element: ReactNode) {
  const container = document.createElement("div");
  document.body.append(container);
  const root = createRoot(container);
  const router = createMemoryRouter([{ path: "*", element: <>{element}</> }]);
  act(() => {
    root.render(
      <IntlProvider locale="en" messages={messages} timeZone="Europe/Berlin">
        <RouterProvider router={router} future={{ v7_startTransition: true }} />
      </IntlProvider>,
    );
  });
  onTestFinished(() => {
    act(() => {
      root.unmount();
    });
    container.remove();
  });
  return container;
}

/** The one element that a selector finds; anything else is a mistake of the test. */
export function only(container: ParentNode, selector: string): HTMLElement {
  const found = container.querySelectorAll<HTMLElement>(selector);
  const [element, ...others] = found;
  if (element === undefined || others.length > 0) {
    throw new Error(`${found.length} elements match ${selector}`);
  }
  return element;
}

export function button(container: ParentNode, name: string): HTMLButtonElement {
  const found = [...container.querySelectorAll("button")].filter(
    (candidate) => (candidate.getAttribute("aria-label") ?? candidate.textContent) === name,
  );
  const [element, ...others] = found;
  if (element === undefined || others.length > 0) {
    throw new Error(`${found.length} buttons are called "${name}"`);
  }
  return element;
}

export function click(element: HTMLElement): void {
  act(() => {
    element.click();
  });
}

export function press(element: HTMLElement, key: string): void {
  act(() => {
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}

/** Puts text into a controlled field as typing does. */
export function type(field: HTMLElement, text: string): void {
  act(() => {
    // React listens to the property itself; the prototype's setter goes past it.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
