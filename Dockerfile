# The image brings Node itself: without install scripts the package `node`, there for machines with an older one, has
# no binary and gets in nobody's way. No other package has such a script.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev

FROM dependencies AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY schemas schemas
COPY src src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production \
    RALPH_APP_DIR=/app/.ralph
WORKDIR /app
COPY LICENSE package.json ralph ./
COPY pages pages
COPY schemas schemas
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The uid is most often that of whoever mounts ./.ralph; auth.json and the embedded store live there.
RUN ln -s /app/ralph /usr/local/bin/ralph && install -d -o 1000 -g 1000 /app/.ralph
USER 1000:1000
EXPOSE 8100
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RALPH_RUNSERVER_PORT ?? 8100}/__lbheartbeat__`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["ralph", "runserver"]
