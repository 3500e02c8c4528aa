import type { Config } from "tailwindcss";

/** Every colour is a custom property of RGB channels in `app/tailwind.css`, one value per theme. */
const colorNames = [
  "canvas",
  "surface",
  "sunken",
  "raised",
  "muted",
  "line",
  "line-strong",
  "ink",
  "ink-2",
  "ink-3",
  "accent",
  "accent-hover",
  "on-accent",
  "accent-text",
  "accent-soft",
  "on-accent-soft",
  "success",
  "success-soft",
  "warning",
  "warning-soft",
  "danger",
  "danger-soft",
  "on-danger",
  "live",
  "star",
  "focus",
  "overlay",
  "tint-sand",
  "tint-clay",
  "tint-rose",
  "tint-butter",
  "tint-sage",
  "tint-mist",
  "tint-lilac",
  "tint-stone",
  "inverse",
  "on-inverse",
] as const;

const colors = Object.fromEntries(
  colorNames.map((name) => [name, `rgb(var(--${name}) / <alpha-value>)`]),
);

export default {
  content: ["./app/**/*.{ts,tsx}"],
  theme: {
    screens: {
      sm: "480px",
      md: "768px",
      lg: "1024px",
      xl: "1280px",
      "2xl": "1440px",
    },
    fontFamily: {
      sans: [
        "Hanken Grotesk Variable",
        "Hanken Grotesk",
        "ui-sans-serif",
        "system-ui",
        "sans-serif",
      ],
      // The optical size is fixed, so that headings of every size share one drawing.
      display: [
        '"Bricolage Grotesque Variable", "Bricolage Grotesque", ui-sans-serif, system-ui, sans-serif',
        { fontVariationSettings: '"opsz" 72' },
      ],
    },
    colors: { transparent: "transparent", current: "currentColor", white: "#ffffff", ...colors },
    fontSize: {
      "2xs": [
        "0.75rem",
        {
          lineHeight: "1.35",
        },
      ],
      xs: [
        "0.8125rem",
        {
          lineHeight: "1.4",
        },
      ],
      sm: [
        "0.875rem",
        {
          lineHeight: "1.45",
        },
      ],
      base: [
        "1rem",
        {
          lineHeight: "1.55",
        },
      ],
      lg: [
        "1.125rem",
        {
          lineHeight: "1.55",
        },
      ],
      h3: [
        "1.125rem",
        {
          lineHeight: "1.35",
          letterSpacing: "-0.005em",
          fontWeight: "600",
        },
      ],
      h2: [
        "clamp(1.5rem, 2.3vw, 1.75rem)",
        {
          lineHeight: "1.14",
          letterSpacing: "-0.02em",
          fontWeight: "600",
        },
      ],
      h1: [
        "clamp(1.875rem, 3.2vw, 2.5rem)",
        {
          lineHeight: "1.06",
          letterSpacing: "-0.025em",
          fontWeight: "600",
        },
      ],
      display: [
        "clamp(2.375rem, 4.7vw, 3.75rem)",
        {
          lineHeight: "1",
          letterSpacing: "-0.03em",
          fontWeight: "600",
        },
      ],
      "display-xl": [
        "clamp(2.875rem, 6.9vw, 6rem)",
        {
          lineHeight: "0.95",
          letterSpacing: "-0.035em",
          fontWeight: "600",
        },
      ],
      price: [
        "2rem",
        {
          lineHeight: "1",
          letterSpacing: "-0.02em",
          fontWeight: "600",
        },
      ],
      stat: [
        "1.875rem",
        {
          lineHeight: "1.1",
          letterSpacing: "-0.025em",
          fontWeight: "600",
        },
      ],
      ui: [
        "0.9375rem",
        {
          lineHeight: "1.45",
        },
      ],
    },
    borderRadius: {
      none: "0",
      sm: "6px",
      DEFAULT: "10px",
      md: "10px",
      thumb: "12px",
      lg: "18px",
      dialog: "20px",
      xl: "28px",
      full: "9999px",
    },
    boxShadow: {
      pop: "var(--shadow-pop)",
      none: "none",
    },
    extend: {
      spacing: {
        "13": "3.25rem",
        "15": "3.75rem",
        "18": "4.5rem",
        "22": "5.5rem",
        "4.5": "1.125rem",
        "5.5": "1.375rem",
        header: "4.5rem",
        "header-m": "3.75rem",
        gutter: "2.5rem",
        "gutter-m": "1.25rem",
        section: "5.5rem",
        "section-m": "3.5rem",
      },
      maxWidth: {
        shell: "90rem",
        measure: "38rem",
        form: "25rem",
      },
      zIndex: {
        base: "0",
        sticky: "10",
        header: "20",
        chat: "30",
        scrim: "40",
        drawer: "41",
        dialog: "50",
        toast: "60",
        skip: "100",
      },
      transitionDuration: {
        instant: "80ms",
        fast: "120ms",
        base: "200ms",
        slow: "320ms",
        highlight: "1800ms",
      },
      transitionTimingFunction: {
        out: "cubic-bezier(0.2, 0.7, 0.2, 1)",
        in: "cubic-bezier(0.4, 0, 1, 1)",
      },
      keyframes: {
        pulse: {
          "0%": {
            boxShadow: "0 0 0 0 rgb(var(--live) / 0.45)",
          },
          "70%": {
            boxShadow: "0 0 0 7px rgb(var(--live) / 0)",
          },
          "100%": {
            boxShadow: "0 0 0 0 rgb(var(--live) / 0)",
          },
        },
        highlight: {
          "0%, 12%": {
            backgroundColor: "rgb(var(--accent-soft))",
            color: "rgb(var(--on-accent-soft))",
            boxShadow: "0 0 0 4px rgb(var(--accent-soft))",
          },
          "100%": {
            backgroundColor: "transparent",
            boxShadow: "0 0 0 4px transparent",
          },
        },
        typing: {
          "0%, 60%, 100%": {
            transform: "none",
            opacity: "0.4",
          },
          "30%": {
            transform: "translateY(-3px)",
            opacity: "1",
          },
        },
        shimmer: {
          to: {
            backgroundPosition: "-200% 0",
          },
        },
        "drawer-in": {
          from: {
            transform: "translateX(100%)",
          },
          to: {
            transform: "none",
          },
        },
        "drawer-in-left": {
          from: {
            transform: "translateX(-100%)",
          },
          to: {
            transform: "none",
          },
        },
        "sheet-in": {
          from: {
            transform: "translateY(100%)",
          },
          to: {
            transform: "none",
          },
        },
        "rise-in": {
          from: {
            opacity: "0",
            transform: "translateY(6px)",
          },
          to: {
            opacity: "1",
            transform: "none",
          },
        },
        fade: {
          from: {
            opacity: "0",
          },
          to: {
            opacity: "1",
          },
        },
      },
      animation: {
        pulse: "pulse 2400ms ease-out infinite",
        highlight: "highlight 1800ms cubic-bezier(0.2, 0.7, 0.2, 1)",
        typing: "typing 1200ms ease-in-out infinite",
        shimmer: "shimmer 1600ms linear infinite",
        "drawer-in": "drawer-in 320ms cubic-bezier(0.2, 0.7, 0.2, 1)",
        "drawer-in-left": "drawer-in-left 320ms cubic-bezier(0.2, 0.7, 0.2, 1)",
        "sheet-in": "sheet-in 320ms cubic-bezier(0.2, 0.7, 0.2, 1)",
        "rise-in": "rise-in 200ms cubic-bezier(0.2, 0.7, 0.2, 1)",
        fade: "fade 120ms linear",
      },
    },
  },
} satisfies Config;
