// Elements of the page. Log records are untrusted: they go into the page as escaped text, never as markup,
// addresses or attribute names.

import { escaped } from "./text.js";
import { localTime } from "./times.js";

/**
 * The elements of index.html that are more than plain HTML elements.
 * @typedef {{since: HTMLSelectElement, level: HTMLSelectElement, search: HTMLInputElement,
 *   "link-value": HTMLInputElement, "app-picker": HTMLDetailsElement, help: HTMLDialogElement,
 *   pause: HTMLButtonElement, "look-again": HTMLButtonElement}} Controls
 */

/**
 * Return an element of index.html.
 * @template {string} Id
 * @param {Id} id
 * @returns {Id extends keyof Controls ? Controls[Id] : HTMLElement}
 */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/**
 * Return a new element. A child that is not an element is added as escaped text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes] their names must not come from data
 * @param {unknown[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) {
    element.append(child instanceof Node ? child : document.createTextNode(escaped(child)));
  }
  return element;
}

/**
 * Return a new SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes] their names must not come from data
 */
export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * Return a time element with the local time, and the original as its tooltip.
 * @param {string | null} text
 */
export const timeOf = (text) =>
  text ? make("time", { title: text }, localTime(text)) : make("span", {}, "never");

/**
 * Return an empty list of named numbers, and a function that adds one.
 */
export function numberList() {
  const list = make("dl", { class: "numbers" });
  const add = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  };
  return { list, add };
}

/**
 * Return a function that calls another one after it has not been called for a while.
 * @param {number} milliseconds
 * @param {() => void} run
 */
export function debounced(milliseconds, run) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}
