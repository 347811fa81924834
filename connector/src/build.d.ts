// What build.mjs defines.
declare const JSON_WIRE: boolean;
